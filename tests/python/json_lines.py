"""Talking to the programs of tests/programs: a JSON object a line in, one a line out."""

import json
import subprocess


def ask(program, questions):
    """The program's answers to all the questions, in their order.

    Without escapes: of some pairs of surrogates json-c 0.16 makes U+FFFD.
    """
    lines = "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
    done = subprocess.run(
        [program], input=lines, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    assert len(answers) == len(questions)
    return answers
