"""Every kind of matter there is."""

from collections.abc import Mapping
from types import MappingProxyType

from heatstream.errors import BadInput
from heatstream.supervision.company.company_file import COMPANY_FILE
from heatstream.supervision.company.orders import ORDER
from heatstream.supervision.company.publications import PUBLICATION
from heatstream.supervision.homes.assessment_kind import ASSESSMENT
from heatstream.supervision.hotline.work_orders import WORK_ORDERS
from heatstream.supervision.incident.incident_kind import INCIDENT
from heatstream.supervision.matter import MatterKind
from heatstream.supervision.watch.task_kind import TASK
from heatstream.supervision.watch.warning_kind import WARNING

KINDS: Mapping[str, MatterKind] = MappingProxyType(
    {
        INCIDENT.name: INCIDENT,
        COMPANY_FILE.name: COMPANY_FILE,
        ORDER.name: ORDER,
        PUBLICATION.name: PUBLICATION,
        WORK_ORDERS.name: WORK_ORDERS,
        WARNING.name: WARNING,
        TASK.name: TASK,
        ASSESSMENT.name: ASSESSMENT,
    }
)


def kind_of(name: str) -> MatterKind:
    """Give a kind by its name.

    Raises
    ------
    BadInput
        There is no such kind.
    """
    if name not in KINDS:
        raise BadInput(
            f"kind {name!r}: there is none; expected one of {', '.join(sorted(KINDS))}",
            zh=f"没有事项类型“{name}”，应为以下之一：{'、'.join(sorted(KINDS))}",
        )
    return KINDS[name]
