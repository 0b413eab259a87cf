;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module binary "\7fELF\02\01\01\00\00\00\00\00\00\00\00\00")
