// Loaded by `import()` when there is a file to read. By its own name: of a CommonJS package that is bundled, a dynamic
// import sees no named exports.
export { parseDocument } from 'yaml'
