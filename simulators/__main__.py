from simulators.commands import app

app(prog_name="python -m simulators")
