/** WebAssembly as the readers' kernels use it: the engine's own, under their folder's name for it. */
export {
  type Exports,
  instantiate,
  wasm,
  type WasmMemory,
} from '../../../engine/data/web-assembly.ts'
