"""What a language model learns from: requests and responses as rows of token ids.

It reads a request as it will when it is asked: by its own chat template. It learns the response as
the task writes it, and the end; the request is read only.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import TemplateError

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.student import Material
from revenuer.lab.tasks.interface import Problem
from revenuer.models import chat
from revenuer.models.pretrained import PretrainedModel


@dataclass(frozen=True)
class Row:
    """One piece of material.

    Attributes:
        messages: The request, before the template.
        asked: Ids of the request.
        said: Ids of the response, the end included.
    """

    messages: list[dict[str, str]]
    asked: list[int]
    said: list[int]


def rows(
    student: PretrainedModel,
    material: Material,
    system: str,
    settings: StudentSettings,
    *,
    in_template: bool = True,
) -> list[Row]:
    """Return requests and responses as a student reads and writes them.

    Args:
        student: Whose template and tokeniser are used; has an end of text.
        material: What it learns from.
        system: System message, sent also where it is empty.
        settings: `answers` hides the reasoning.
        in_template: Whether a request stands in the student's chat template, or as it is.

    Raises:
        InputError: There is nothing to learn, the template fails, or a row is longer than the
            student reads.
    """
    if not material.problems:
        raise InputError("there is nothing to learn from", hint="raise [harvest] queries")
    speaker = Speaker(student, material.task, "", material.task.limit, system, in_template)
    hides = settings.method == "answers"
    end = student.tokeniser.eos_token_id
    found = []
    for problem, response in zip(material.problems, material.responses, strict=True):
        asked = _asked(speaker, problem)
        written = material.task.write(Response("", response.answer) if hides else response)
        said = [*student.encode(_after(asked, written)), end]
        messages = [("system", system), ("user", problem.prompt)]
        found.append(
            Row([{"role": r, "content": c} for r, c in messages], student.encode(asked), said)
        )
    longest = max(len(each.asked) + len(each.said) for each in found)
    reads = getattr(student.model.config.get_text_config(), "max_position_embeddings", longest)
    if longest > reads:
        raise InputError(
            f"a request and its response are {longest} tokens; {student.name} reads {reads}",
            hint="lower [harvest] max_tokens",
        )
    return found


def _asked(speaker: Speaker, problem: Problem) -> str:
    try:
        return speaker.asked(problem)
    # A template is a program of whoever made the model.
    except (TemplateError, ValueError, TypeError, LookupError, AttributeError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(
            f"{speaker.model.name} cannot be asked by its chat template: {reason}",
            hint="take a base that is chatted with and heeds a system message",
        ) from error


def _after(asked: str, written: str) -> str:
    """Return a response as it goes on after a request, which may have opened the thought."""
    if not asked.rstrip().endswith(chat.OPEN):
        return written
    if written.startswith(chat.OPEN):
        return written.removeprefix(chat.OPEN).removeprefix("\n")
    return f"{chat.CLOSE}\n\n{written}"
