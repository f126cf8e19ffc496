"""What a program is told of its arrays: where each is now, and how long."""

import ctypes

import numpy as np

from lambdasim.machine_code.shipped import taking_arrays


def test_each_call_tells_where_its_arrays_are() -> None:
    told: list[list[tuple[int, int]]] = []

    def function(places: int, number: int) -> int:
        flat = (ctypes.c_int64 * (2 * number)).from_address(places)
        told.append(list(zip(flat[::2], flat[1::2], strict=True)))
        return number

    native = taking_arrays(function, "owner")
    first, second, third = np.zeros(3), np.zeros(0), np.zeros(5)
    calls = [[first, second], [first, second], [first, third], [first[1:], third], [third], [second, first]]
    assert [native(arrays, len(arrays)) for arrays in calls] == [2, 2, 2, 2, 1, 2]
    assert told == [[(array.ctypes.data, len(array)) for array in arrays] for arrays in calls]
