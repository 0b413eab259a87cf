;; Custom descriptors: types within sub types, and exact references.
(module
  (rec
    (type $object (descriptor $about) (struct (field i32)))
    (type $about (describes $object) (struct)))
  (func (param (ref null (exact $object)))))
