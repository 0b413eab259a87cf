/** A program with a pool of workers. */
declare const pool: { run(task: unknown): Promise<unknown> }
declare const task: unknown
export {}
/* block */
