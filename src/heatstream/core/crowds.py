"""群体投诉: many homes of one building that complain within a short time."""

from collections.abc import Sequence


def crowds(calls: Sequence[tuple[int, int]], *, within_s: int, least: int) -> list[list[int]]:
    """Find the groups of calls of one building.

    Parameters
    ----------
    calls : (when [s], which household), in any order
    within_s : two calls exactly so far apart are still within [s]
    least : so many different households make a group [households]

    Returns
    -------
    places in `calls`, one list a group, by time. Spans that share a call are one group: it goes on as long as any
    `within_s` of it holds `least` households.
    """
    order = sorted(range(len(calls)), key=lambda place: (calls[place][0], place))
    found: list[list[int]] = []
    for first, place in enumerate(order):
        span = [each for each in order[first:] if calls[each][0] - calls[place][0] <= within_s]
        if len({calls[each][1] for each in span}) < least:
            continue
        if found and found[-1][-1] in span:
            found[-1] += [each for each in span if each not in found[-1]]
        else:
            found.append(span)
    return found
