/** The cases of `big-cases.ts` that SQL can say, as DuckDB says them; by case and output. */
const keep = (columns: string, keys: string, order: string) =>
  `SELECT ${columns} FROM orders QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY ${order}) = 1`

const ORDER = 'id, country, customer, hot, product, amount, price, day, "at", note'
const NARROW = 'o.id, o.customer, o.amount, o.note'

export const bigSql: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'group-by': {
    out: `SELECT customer, count(*), sum(amount), avg(amount), sum(price), min(note),
      (list(note ORDER BY "at", pos))[-1] FROM orders GROUP BY customer`,
  },
  'group-by-few': {
    out: `SELECT country, day, sum(amount), avg(amount), count(DISTINCT id) FROM orders GROUP BY ALL`,
  },
  'count-distinct': {
    byCustomer: 'SELECT customer, count(DISTINCT note) FROM orders GROUP BY customer',
    hot: 'SELECT hot, count(DISTINCT note), count(*) FROM orders GROUP BY hot',
    all: 'SELECT count(DISTINCT note), count(DISTINCT customer) FROM orders',
  },
  'combine-columnar': {
    out: 'SELECT customer, sum(amount) / (count(*) + 1) FROM orders GROUP BY customer',
  },
  distinct: { out: 'SELECT DISTINCT customer, note, day FROM orders' },
  'distinct-by': {
    last: keep(ORDER, 'customer', '"at" DESC, pos DESC'),
    first: keep(ORDER, 'note, country', 'price NULLS FIRST, pos'),
  },
  'join-inner': {
    out: `SELECT ${NARROW}, page, seconds FROM orders o JOIN visits USING (customer)`,
  },
  'join-left': {
    out: `SELECT ${NARROW}, page, seconds FROM orders o LEFT JOIN visits USING (customer)`,
  },
  'join-full': {
    out: `SELECT o.id, coalesce(o.customer, v.customer), o.amount, o.note, page, seconds
      FROM orders o FULL JOIN visits v ON o.customer = v.customer`,
  },
  'join-semi': {
    out: `SELECT ${NARROW} FROM orders o SEMI JOIN visits USING (customer)`,
  },
  'join-anti': {
    out: `SELECT ${NARROW} FROM orders o ANTI JOIN visits USING (customer)`,
  },
  top: {
    out: `SELECT ${ORDER}, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, pos) AS rank
      FROM orders QUALIFY rank <= 2`,
  },
  sort: { out: `SELECT ${ORDER} FROM orders` },
}
