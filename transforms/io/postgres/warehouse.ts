/** Postgres as a warehouse. */
import { Fault } from '../../../engine/fault.ts'
import type { WarehouseLimits } from '../../../engine/io/sink.ts'
import type { Warehouse } from '../../../engine/io/warehouse.ts'
import { addressOf } from './address.ts'

export function openWarehouse(uri: string, _limits: WarehouseLimits): Warehouse {
  throw new Fault('pipeline', `${addressOf(uri).shown} cannot be written to yet`)
}
