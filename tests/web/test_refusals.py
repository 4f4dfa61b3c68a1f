"""Every refusal that a page can meet is told in Chinese, too, and tells there what it tells in English."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from pydantic import BaseModel, ValidationError

import heatstream
from heatstream.claims import events, faults
from heatstream.rules.choices import Choices, Option
from heatstream.supervision.kinds import KINDS
from heatstream.web.claim_record import BundleDays
from heatstream.web.matter_acts import ACTS
from heatstream.web.tickets_page import Matched

PACKAGES: Final = ("claims", "supervision", "web")
MODULES: Final = (
    "access/people.py",
    "access/permits.py",
    "evidence/bundle.py",
    "evidence/sign.py",
    "rules/holidays.py",
    "rules/options.py",
    "rules/policy.py",
    "rules/supervision/file.py",
    "store/conflicts.py",
    "store/read/companies.py",
    "store/read/places.py",
)
"""Of other packages, those that pages ask."""
NO_FORM: Final[Mapping[str, Collection[str]]] = {
    "access/people.py": {"create", "_there"},
    "claims/batch.py": {"read"},
    "claims/documents/printing.py": {"wanted", "_empty_form"},
    "claims/review.py": {"refresh"},
    "evidence/sign.py": {"create_key"},
    "rules/holidays.py": {"Spell", "Notice", "read"},
    "rules/policy.py": {
        "_with_supplements",
        "settled",
        "_refuse_idle",
        "_refuse_contradictions",
        "_refuse_backwards",
        "_refuse_two_at_once",
    },
    "rules/supervision/file.py": {"load"},
    "supervision/hotline/matching.py": {"_communities"},
    "supervision/hotline/ticket_file.py": {"read"},
}
"""What no page meets: of commands' files and options, of files read at the start, of runs, which the log tells."""
REFUSALS: Final = frozenset(
    {
        "BadInput",
        "Refused",
        "HeatstreamError",
        "FieldError",
        "UnknownCode",
        "NotPermitted",
        "NotSignedIn",
        "PasswordDue",
    }
)
TURNS: Final = frozenset({"wrong", "forbidden", "expect"})
"""Of `claims.check`: they raise one, with step, person and role before it."""
SOURCE: Final = Path(heatstream.__file__).parent
CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


def modules() -> Iterator[Path]:
    yield from (path for package in PACKAGES for path in sorted((SOURCE / package).rglob("*.py")))
    yield from (SOURCE / name for name in MODULES)


def told(node: ast.AST) -> set[str]:
    """Give what a text tells: its variables, without what words them: functions, their keywords, constants."""
    match node:
        case ast.Call(func=func, args=args):
            words = isinstance(func, ast.Name) and func.id == "map"
            inside = [*args[words:], *([func.value] if isinstance(func, ast.Attribute) else [])]
        case ast.Attribute(value=value, attr="en" | "zh"):
            inside = [value]
        case ast.Attribute():
            return {ast.unparse(node)}
        case ast.Name(id=name):
            return set() if name.isupper() else {name.removeprefix("zh_")}
        case _:
            inside = list(ast.iter_child_nodes(node))
    targets = (name for each in getattr(node, "generators", ()) for name in ast.walk(each.target))
    bound = {each.id for each in targets if isinstance(each, ast.Name)}
    return {each for each in set().union(*map(told, inside)) if each.split(".")[0] not in bound}


def is_written(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr)


def wrong_with(text: ast.expr, zh: ast.expr | None) -> str | None:
    if zh is None:
        return "has no Chinese sentence"
    if not is_written(zh):
        return "has a Chinese sentence from elsewhere" if is_written(text) else None
    if not CHINESE.search(ast.unparse(zh)):
        return "has no Chinese in its Chinese sentence"
    if is_written(text) and told(text) != told(zh):
        return f"tells {sorted(told(text))} in English and {sorted(told(zh))} in Chinese"
    return None


def refusals(tree: ast.Module) -> Iterator[tuple[int, ast.expr, ast.expr | None]]:
    """List where something is refused: line, text, Chinese sentence."""
    has_models = any(isinstance(each, ast.Name) and each.id == "model_validator" for each in ast.walk(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="ValueError"), args=[text]) if has_models:
                yield node.lineno, text, None
            case ast.Call(func=ast.Name(id=name), args=[text], keywords=more) if name in REFUSALS:
                yield node.lineno, text, next((each.value for each in more if each.arg == "zh"), None)
            case ast.Call(func=ast.Attribute(attr=name), args=[*_, text], keywords=more) if name in TURNS:
                yield node.lineno, text, next((each.value for each in more if each.arg == "zh"), None)


def faulty(source: str, without: Collection[str] = ()) -> list[str]:
    tree = ast.parse(source)
    tree.body = [each for each in tree.body if getattr(each, "name", "") not in without]
    found = sorted(refusals(tree), key=lambda each: each[0])
    return [f"{line}: {ast.unparse(text)} {why}" for line, text, zh in found if (why := wrong_with(text, zh))]


def test_every_refusal_that_a_form_can_meet_has_its_chinese_sentence() -> None:
    found = {each.relative_to(SOURCE).as_posix(): each.read_text() for each in modules()}
    wrong = {name: faulty(source, NO_FORM.get(name, ())) for name, source in found.items()}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


def test_only_functions_that_lack_it_are_left_out() -> None:
    for name, functions in NO_FORM.items():
        source = (SOURCE / name).read_text()
        for each in functions:
            assert len(faulty(source, set(functions) - {each})) > len(faulty(source, functions)), (name, each)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise BadInput(f'seen {code}')", "has no Chinese sentence"),
        ("raise BadInput(f'seen {code}', zh='')", "has no Chinese in its Chinese sentence"),
        ("turn.expect(met, 'first', zh=f'应先{what}')", "tells [] in English and ['what'] in Chinese"),
        ("raise act.forbidden(f'{act.role} not', zh='不得')", "tells ['act.role'] in English and [] in Chinese"),
        (
            "raise Refused(f'{a.b} {names}', zh=f'{word(a.c)}应为{listed(names)}')",
            "tells ['a.b', 'names'] in English and ['a.c', 'names'] in Chinese",
        ),
        ("@model_validator\ndef _():\n    raise ValueError('first')", "has no Chinese sentence"),
    ],
)
def test_a_refusal_without_its_chinese_sentence_is_seen(source: str, why: str) -> None:
    (line,) = faulty(source)
    assert line.endswith(why)


def test_what_is_only_worded_otherwise_is_the_same() -> None:
    english = (
        "f\"{seen.isoformat()} {', '.join(sorted(ROLES[kind]))} {', '.join(str(each.n) for each in all)} {title}\""
    )
    chinese = "f\"{instant(seen)} {roles(ROLES[kind])}应为{'、'.join(map(str, all))} {zh_title}\""
    assert faulty(f"raise Refused({english}, zh={chinese})") == []


# --- what the law leaves open -----------------------------------------------------------------------------------------

EXACT: Final = re.compile(r"`[^`]+`|\d+")
"""Values that may be chosen, and numbers."""
CODE: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)


def is_told_alike(english: str, chinese: str) -> bool:
    """Say whether both name the same values and numbers, and the Chinese the law's own words, and no other codes."""
    same = sorted(EXACT.findall(english)) == sorted(EXACT.findall(chinese))
    quoted = all(each in chinese for each in re.findall(f"{CHINESE.pattern}+", english))
    return same and quoted and set(CODE.findall(chinese)) <= set(CODE.findall(english))


@pytest.mark.parametrize("name", Choices.model_fields)
def test_every_option_says_in_chinese_what_it_says_in_english(name: str) -> None:
    asks = Option.of(name)
    assert [each for each in zip(asks.en, asks.zh, strict=True) if not is_told_alike(*each)] == []
    assert (CHINESE.search(asks.zh.law) is None, CHINESE.search(asks.zh.values) is None) == (False, False)
    assert bool(asks.en.advice) == bool(asks.zh.advice)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("`due` or `paid`", "`due`（应缴）"),
        ("`due`", "`due`（应缴）或 `paid`（实缴）"),
        ("exactly 6 h", "恰为 24 小时"),
        ("热费总额 may be the fee due", "总额可以指应缴的热费"),
        ("hold, and report it", "deny（不予退费），并予报告"),
    ],
)
def test_an_option_that_says_something_else_in_chinese_is_seen(english: str, chinese: str) -> None:
    assert not is_told_alike(english, chinese)


# --- what pydantic finds ----------------------------------------------------------------------------------------------

GIVEN: Final = (
    None,
    "",
    " ",
    "x",
    "a\0",
    -1,
    0,
    10**20,
    1.5,
    True,
    "2026-01-05T08:00",
    "1800-01-01",
    (),
    ("",),
    {},
    ({},) * 9,
)
"""What people or programs may give where something else is expected."""


def parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for each in annotation.model_fields.values():
            yield from parts(each.annotation)
    for each in get_args(annotation):
        yield from parts(each)


def found(model: type[BaseModel], name: str) -> Iterator[Any]:
    """List what pydantic finds where a field is given this and that, and the rest nothing."""
    for value in GIVEN:
        try:
            model.model_validate({name: value})
        except ValidationError as error:
            yield from error.errors(include_url=False)


def test_every_fault_of_a_field_that_a_form_asks_has_its_chinese_sentence() -> None:
    of_matters = (event for its in KINDS.values() for event in (*its.opening, *its.later))
    asked = (*events.MODELS, *of_matters, *(its.model for its in ACTS.values()), BundleDays, Matched)
    models = dict.fromkeys(part for model in asked for part in parts(model))
    every = [each for model in models for name in model.model_fields for each in found(model, name)]
    assert {"missing", "literal_error", "value_error", "too_long"} <= {each["type"] for each in every}
    assert {each["type"] for each in every if each["msg"] in faults.zh(each)} == set()
    assert all(CHINESE.search(faults.zh(each)) for each in every)
