/** What the cases' Polars sides share. Prices are floats there: its Node package reads no decimals from CSV. */
import type { Places, Polars } from '../case.ts'

/** The lines of a glob of CSV files, with their kinds told; a Datetime in the schema takes four times as long. */
export const lines = (pl: Polars, { input }: Places) =>
  parsed(pl, pl.scanCSV(input, { hasHeader: true, schema: textSchema(pl) } as never))

/** With dates made of their text. */
export const parsed = (pl: Polars, frame: ReturnType<Polars['scanCSV']>) =>
  frame.withColumns(pl.col('InvoiceDate').str.strptime(pl.Datetime('ms'), '%Y-%m-%d %H:%M:%S'))

export const isSale = (pl: Polars) =>
  pl.col('CustomerID').isNotNull().and(pl.col('Quantity').gt(0)).and(pl.col('UnitPrice').gt(0))

export const sales = (pl: Polars, places: Places) => lines(pl, places).filter(isSale(pl))

export const revenue = (pl: Polars) => pl.col('Quantity').mul(pl.col('UnitPrice')).alias('revenue')

/** The first of the month, as a date. Its Node package has no truncation; text by strftime took longer. */
export const month = (pl: Polars) => {
  const at = pl.col('InvoiceDate')
  const whole = (n: ReturnType<Polars['col']>) => n.cast(pl.Int32)
  return whole(at.cast(pl.Date))
    .sub(whole(at.dt.day()))
    .add(whole(pl.lit(1)))
    .cast(pl.Date)
    .alias('month')
}

export const products = (pl: Polars, places: Places) =>
  pl.scanCSV(places.products, {
    hasHeader: true,
    schema: { StockCode: pl.String, Category: pl.String, ListPrice: pl.Float64 },
  } as never)

const textSchema = (pl: Polars) => ({
  InvoiceNo: pl.String,
  StockCode: pl.String,
  Description: pl.String,
  Quantity: pl.Int32,
  InvoiceDate: pl.String,
  UnitPrice: pl.Float64,
  CustomerID: pl.Int32,
  Country: pl.String,
})
