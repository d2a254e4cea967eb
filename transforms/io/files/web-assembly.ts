/** WebAssembly, as far as it is used here: Node has it, TypeScript's types of plain ECMAScript do not. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}
export interface WasmModule {
  readonly wasmModule: never
}
interface Api {
  Memory: new (pages: { initial: number; maximum: number }) => WasmMemory
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (
    module: WasmModule,
    imports: { env: { memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, (...words: number[]) => void>> }
}
export const wasm = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly
