/** A program that has a module's bytes and its imports. */
declare const bytes: BufferSource
declare const imports: WebAssembly.Imports
/* block */
