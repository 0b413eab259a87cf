# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The command wasmsig, installed by pip. There is no Python interface."""
import os

#: The executable of the command.
COMMAND = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "bin", "wasmsig"
)
