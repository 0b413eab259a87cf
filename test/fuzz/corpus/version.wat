;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module binary "\00asm\02\00\00\00")
