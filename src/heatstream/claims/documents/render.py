"""A paper as PDF and as HTML, both from one sheet."""

from heatstream.claims.documents import page, receipts, rulings, visits
from heatstream.claims.documents import pdf as typesetting
from heatstream.claims.documents.papers import (
    ApprovalSheet,
    Explanation,
    Paper,
    Ruling,
    SelfRefundVoucher,
    ServiceReceipt,
    VisitForm,
)
from heatstream.claims.documents.sheet import Sheet


def pdf(paper: Paper) -> bytes:
    """Set a paper as PDF/A-2b; the same paper gives the same bytes.

    Raises
    ------
    BadInput
        A name or a note holds a character that the fonts cannot print.
    """
    return typesetting.of_sheet(sheet_of(paper))


def html(paper: Paper) -> str:
    """Write a paper as one self-contained page."""
    return page.of_sheet(sheet_of(paper))


def sheet_of(paper: Paper) -> Sheet:
    """Lay a paper out, before it is a PDF or a page."""
    match paper:
        case VisitForm():
            return visits.sheet(paper)
        case Ruling():
            return rulings.sheet(paper)
        case ApprovalSheet():
            return rulings.approval(paper)
        case ServiceReceipt():
            return receipts.receipt(paper)
        case SelfRefundVoucher():
            return receipts.voucher(paper)
        case Explanation():
            return receipts.explanation(paper)
