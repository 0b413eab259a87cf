;; Several imports of one module, whose kind is none of an import.
(module
  (import "env" (item "a" (func)) (item "b" (func))))
