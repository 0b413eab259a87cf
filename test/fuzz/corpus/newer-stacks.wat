;; Stack switching: types of continuations, and instructions.
(module
  (type $function (func))
  (type $continuation (cont $function))
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1024))
  (func $work)
  (elem declare func $work)
  (func (export "run")
    (resume $continuation (cont.new $continuation (ref.func $work)))))
