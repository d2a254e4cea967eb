/** WebAssembly, as far as it is used here: Node has it, TypeScript's types of plain ECMAScript do not. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** By so many pages of 64 KB; views of the buffer before it are empty then. */
  grow(pages: number): number
}
interface WasmModule {
  readonly wasmModule: never
}
export type Exports = Readonly<Record<string, (...words: number[]) => number>>
interface Api {
  Memory: new (pages: { initial: number; maximum: number }) => WasmMemory
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (
    module: WasmModule,
    imports: { env: { memory: WasmMemory } },
  ) => { readonly exports: Exports }
}
export const wasm = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly

const modules = new Map<string, WasmModule>()

/** A kernel's functions over a memory; its module, given as base64, is compiled once a thread. */
export function instantiate(base64: string, memory: WasmMemory): Exports {
  const module = modules.get(base64) ?? new wasm.Module(Buffer.from(base64, 'base64'))
  modules.set(base64, module)
  return new wasm.Instance(module, { env: { memory } }).exports
}
