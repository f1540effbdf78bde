"""The error that a call ends with."""

import pytest

from simstudio import SimStudioError


def error_of(call, *arguments, **keywords):
    with pytest.raises(SimStudioError) as caught:
        call(*arguments, **keywords)
    return caught.value
