"""
Let every report carry the head of the audit chain out of the records, where nobody can change it with them.
"""

from alchemiser.application.log import Log
from alchemiser.application.ports.audit import AuditChain, Head, Witness, Witnessed
from alchemiser.application.ports.messaging import Notifier
from alchemiser.domain.errors import NotificationError

_log = Log()


class WitnessingNotifier(Notifier):
    """
    A notifier whose reports end with the head of the chain as it stands; the head is kept by a witness, too.
    """

    def __init__(self, inner: Notifier, *, chain: AuditChain, witness: Witness) -> None:
        self._inner = inner
        self._chain = chain
        self._witness = witness

    def deliver(self, *, name: str, subject: str, text: str, html: str) -> tuple[str, ...]:
        """
        Keep the head under the report's name, and deliver the report with it.
        """
        head = self._chain.head()
        try:
            self._witness.keep(Witnessed(run_id=name, head=head))
        except NotificationError as exc:
            # The report still carries it.
            _log.warning("head_not_kept", name=name, error=str(exc))
        words = head_words(head)
        before, end, after = html.rpartition("</body>")
        return self._inner.deliver(
            name=name,
            subject=subject,
            text=f"{text.rstrip()}\n\n{words}\n",
            html=f"{before}<p><small>{words}</small></p>\n{end}{after}" if end else html,
        )


def head_words(head: Head) -> str:
    """
    Return the head in the words of a report; `alchemiser audit verify --head` takes the two at its end.
    """
    return f"Audit chain before this report: {head.seq}:{head.hash}"
