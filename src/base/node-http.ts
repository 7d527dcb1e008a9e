// node:http without its lazy exports: as an ES module it would load undici for them, 10 MB and a tenth of a second in every program.
/** The module itself. Its types come from `node:http`. */
export const http: typeof import('node:http') = process.getBuiltinModule('node:http');
