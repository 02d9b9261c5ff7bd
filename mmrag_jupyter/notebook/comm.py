"""The comm over which JupyterLab's sidebar, settings and completer talk with this kernel.

A front end that asks for a kernel subshell is answered in a thread of its own, while a cell is
running; others are answered between cells.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import MmragError
from mmrag_jupyter.notebook.completer import completions
from mmrag_jupyter.notebook.labsettings import LabSettings
from mmrag_jupyter.notebook.namespace import Namespace
from mmrag_jupyter.widgets import protocol
from mmrag_jupyter.widgets.routes import hear_where_sent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from comm.base_comm import BaseComm, CommManager
    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.notebook.magics import Mmrag
    from mmrag_jupyter.session import Session
    from mmrag_jupyter.widgets.loads import Loads
    from mmrag_jupyter.widgets.service import Service

_LONGEST_CODE = 100_000
_MOST_PAGES = 16


class Comms:
    """Serves every page that opens a comm to us, until `unregister`.

    Parameters
    ----------
    shell
        The shell whose kernel has the comms; without a kernel nothing happens.
    session, magics, loads
        What the pages may see, set and follow.
    """

    def __init__(
        self, shell: InteractiveShell, session: Session, magics: Mmrag, loads: Loads
    ) -> None:
        self._shell = shell
        self._session = session
        self._settings = LabSettings(shell, magics)
        self._loads = loads
        self._comms: dict[str, BaseComm] = {}
        self._service: Service | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._seen: object = None

    def register(self) -> None:
        """Let pages find us, if there is a kernel that pages can talk to."""
        manager = self._manager()
        if manager is not None:
            manager.register_target(protocol.TARGET, self.opened)
            self._stop_listening = self._loads.listen(self._tell_loads)

    def unregister(self) -> None:
        """Close what is open; pages see that the extension is gone."""
        manager = self._manager()
        if manager is None or self._stop_listening is None:
            return
        self._stop_listening()
        if manager.targets.get(protocol.TARGET) == self.opened:
            manager.unregister_target(protocol.TARGET, self.opened)
        for comm in list(self._comms.values()):
            comm.close()
        self._comms.clear()
        self._settings.take_back()
        if self._service is not None:
            self._service.close()

    def opened(self, comm: BaseComm, _message: Mapping[str, object]) -> None:
        """Begin to serve a page."""
        # Not by on_msg, which runs the shell's events around each message: in a thread of its
        # own that would take the figures away from the cell that is drawing them.
        comm.handle_msg = partial(self._heard, comm)  # type: ignore[method-assign]
        hear_where_sent(comm)
        comm.on_close(lambda _message: self._forget(comm))
        self._comms[comm.comm_id] = comm
        # A page that is loaded anew or closed does not take its leave.
        for oldest in list(self._comms.values())[:-_MOST_PAGES]:
            self._forget(oldest)
            oldest.close()

    def cell_ended(self, _result: object = None) -> None:
        """Tell the pages if a cell has changed the collections."""
        if self._comms:
            seen = self._fingerprint()
            if seen != self._seen:
                self._seen = seen
                self._tell("collections")

    def _heard(self, comm: BaseComm, message: Mapping[str, object]) -> None:
        content = message.get("content")
        data = content.get("data") if isinstance(content, dict) else None
        buffers = message.get("buffers")
        answer, made = self._answer(data, buffers if isinstance(buffers, list) else [])
        comm.send(answer, buffers=made)

    def _answer(
        self, message: object, buffers: Sequence[bytes | memoryview]
    ) -> tuple[dict[str, object], list[bytes]]:
        verb = message.get("type") if isinstance(message, dict) else None
        if verb == "hello":
            # At once: a page that only asks whether we are here must not wait for the service.
            return protocol.answer(message, protocol.here()), []
        if verb == "settings":
            return protocol.answer(message, {"kept": self._kept(message)}), []
        if verb == "complete":
            return protocol.answer(message, self._completions(message)), []
        return self._served().handle(message, buffers)

    def _served(self) -> Service:
        if self._service is None:
            from mmrag_jupyter.widgets.service import Service

            self._service = Service(self._session, self._loads)
        return self._service

    def _kept(self, message: object) -> list[str]:
        settings = message.get("settings") if isinstance(message, dict) else None
        return self._settings.take(settings if isinstance(settings, dict) else {})

    def _completions(self, message: object) -> dict[str, object]:
        asked = message if isinstance(message, dict) else {}
        code, cursor = asked.get("code"), asked.get("cursor")
        if not isinstance(code, str) or type(cursor) is not int or len(code) > _LONGEST_CODE:
            return {"start": 0, "end": 0, "items": []}
        cursor = min(max(cursor, 0), len(code))
        names = Namespace(dict(self._shell.user_ns))
        try:
            start, found = completions(code, cursor, self._session, names)
        except Exception:  # noqa: BLE001 - whoever types must not be disturbed
            start, found = cursor, []
        return {"start": start, "end": cursor, "items": [asdict(one) for one in found]}

    def _tell_loads(self) -> None:
        if self._comms:
            self._tell("loads", loads=self._loads.rows())

    def _tell(self, name: str, **members: object) -> None:
        for comm in list(self._comms.values()):
            try:
                comm.send({"type": "event", "event": name, **members})
            except Exception:  # noqa: BLE001 - a page that is gone must not stop a load
                self._forget(comm)

    def _forget(self, comm: BaseComm) -> None:
        self._comms.pop(comm.comm_id, None)

    def _fingerprint(self) -> object:
        """Return what differs once a cell has made, changed or dropped a collection."""
        try:
            names = self._session.names()
            sizes = [len(one) for one in map(self._session.opened, names) if one is not None]
        except (MmragError, OSError):
            return object()
        return (self._session.current, names, sizes)

    def _manager(self) -> CommManager | None:
        if getattr(self._shell, "kernel", None) is None:
            return None
        import comm

        return comm.get_comm_manager()
