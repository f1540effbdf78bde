"""The error that a call ends with, and how it says that the run may have happened."""

import pytest

from simstudio import SimStudioError

DOUBT = "; the run may have happened"


def error_of(call, *arguments, **keywords):
    with pytest.raises(SimStudioError) as caught:
        call(*arguments, **keywords)
    return caught.value


def assert_doubtful(error):
    assert (error.code, error.status, error.was_sent) == ("EXECUTION_ERROR", None, True)
    assert str(error).startswith("Failed to execute workflow: ") and str(error).endswith(DOUBT)
