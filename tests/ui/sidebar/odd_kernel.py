"""Kernels that a sidebar must cope with: `odd_kernel.py HOW -f CONNECTION_FILE`."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import ClassVar

if sys.argv[1:2] == ["mortal"] and Path("dead").exists():
    sys.exit(1)  # before the imports, which take their time: it is started six times

from ipykernel.kernelapp import IPKernelApp, launch_new_instance
from ipykernel.kernelbase import Kernel


class WithoutPackage(MetaPathFinder):
    def find_spec(self, fullname, _path=None, _target=None):
        if fullname.partition(".")[0] == "mmrag_jupyter":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


class Logo(Kernel):
    implementation = "logo"
    implementation_version = banner = "1"
    language_info: ClassVar = {
        "name": "logo",
        "mimetype": "text/plain",
        "file_extension": ".lgo",
    }

    def do_execute(self, *_given, **_named):
        return {"status": "ok", "execution_count": self.execution_count, "user_expressions": {}}


def main():
    how = sys.argv.pop(1)
    if how == "without-package":
        sys.meta_path.insert(0, WithoutPackage())
    elif how == "other-version":
        from mmrag_jupyter.widgets import protocol

        protocol.VERSION = "0.0.7"
    elif how == "other-protocol":
        from mmrag_jupyter.widgets import protocol

        protocol.VERSION, protocol.PROTOCOL = "9.0.0", protocol.PROTOCOL + 1
    elif how == "without-subshells":
        Kernel._supports_kernel_subshells = False
    elif how == "other-language":
        IPKernelApp.launch_instance(kernel_class=Logo)
        return
    launch_new_instance()


if __name__ == "__main__":
    main()
