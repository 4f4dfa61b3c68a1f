"""A terminal that knows as much of a shell as docs/examples needs: assignments, and `sed … |`."""

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from heatstream.cli import app

LINE = re.compile(r'(?:(\w+)=\$\()?(?:sed "s/(\w+)/\$(\w+)/" (\S+) \| )?heatstream ([^)]*)\)?')


def typed(lines: list[str]) -> list[str]:
    """Type lines one after the other, in this process; give what each command said."""
    names: dict[str, str] = {}
    said = []
    for line in lines:
        found = LINE.fullmatch(line)
        assert found, line
        name, before, of, file, words = found.groups()
        told = Path(file).read_text(encoding="utf-8").replace(before, names[of]) if file else None
        ended = CliRunner().invoke(app, shlex.split(words), input=told)
        assert ended.exit_code == 0, f"{line}: {ended.output}{ended.exception}"
        said.append(ended.output)
        if name:
            names[name] = ended.output.strip()
    return said
