"""`revenuer`: the list of commands, and how an error is told.

A command's file is imported only when the command runs, so `revenuer --help` needs neither a
database nor a kernel. Exit codes: 0 done, 1 an error with a sentence on stderr, 2 wrong usage.
"""

from __future__ import annotations

import errno
import importlib
from typing import IO, Any, NamedTuple

import click

import revenuer
from revenuer.errors import RevenuerError
from revenuer.text import clean


class Command(NamedTuple):
    """Where a command stands (`module:attribute`), and its line in the help."""

    place: str
    help: str


COMMANDS = {
    "scan": Command("revenuer.cli.scan:scan", "Find campaigns in logs and write the evidence."),
    "campaigns": Command("revenuer.cli.campaigns:campaigns", "List the campaigns of a run."),
    "show": Command("revenuer.cli.show:show", "Print one campaign's dossier."),
    "clear": Command("revenuer.cli.clear:clear", "Note that a campaign is innocent."),
    "forget": Command(
        "revenuer.cli.forget:forget", "Remove an account or old exchanges from runs."
    ),
    "simulate": Command("revenuer.cli.simulate:simulate", "Make a week of traffic to try it on."),
    "mark": Command(
        "revenuer.cli.mark:mark", "Make and commit to the keys of marks; plant canaries."
    ),
    "prove": Command(
        "revenuer.cli.prove:prove", "Test texts and models, and verify what others claim."
    ),
    "lab": Command(
        "revenuer.cli.lab:lab", "Distil a model of your own; measure what defences are worth."
    ),
    "doctor": Command("revenuer.cli.doctor:doctor", "Say what is installed and what is missing."),
}


class Failure(click.ClickException):
    """An error as the user reads it: one sentence, and the next thing to try."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it to stderr."""
        click.echo(f"revenuer: {clean(self.message, one_line=True)}", file=file, err=True)
        if self.hint:
            click.echo(f"  try: {clean(self.hint, one_line=True)}", file=file, err=True)


class Lazy(click.Group):
    """A group that lists commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].place.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        for one in _with_commands(command):
            if not any(option.name == "debug" for option in one.params):
                one.params.append(_debug())
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; tell what a user can mend as a sentence, and let bugs raise."""
        try:
            return super().invoke(ctx)
        except RevenuerError as error:
            if ctx.params["debug"]:
                raise
            raise Failure(error.message, error.hint) from error
        except OSError as error:
            if ctx.params["debug"] or error.errno in (None, errno.EPIPE):
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise Failure(f"{where}{error.strerror}") from error


def _with_commands(command: click.Command) -> list[click.Command]:
    return [command, *(command.commands.values() if isinstance(command, click.Group) else ())]


def _debug() -> click.Option:
    # Whoever needs it has just typed a whole command: it works behind the command's name too.
    return click.Option(
        ["--debug"], is_flag=True, hidden=True, expose_value=False, callback=_set_debug
    )


def _set_debug(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        ctx.find_root().params["debug"] = True


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(revenuer.__version__, prog_name="revenuer")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def main(debug: bool) -> None:
    """Find unauthorised distillation of the language models you serve."""
