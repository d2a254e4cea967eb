/**
 * What the shop sells and where: 4,000 stock codes with their description and price, 6,000
 * customers, 18 countries. The same for every seed. Prices are thousandths.
 */
import { below, draw, laneKey } from './hash.ts'
import { TEXT } from './mess.ts'

export const STOCKS = 4000
export const CUSTOMERS = 6000
export const FIRST_CUSTOMER = 12346
export const FIRST_INVOICE = 536365

const COLOURS = 'WHITE RED CREAM BLUE PINK GREEN IVORY BLACK SILVER ANTIQUE VINTAGE ROSE'.split(' ')
const LOOKS = (
  'METAL,WOODEN,HANGING HEART,RETROSPOT,KNITTED UNION FLAG,CUPID HEARTS,POLKADOT,' +
  'GLASS STAR,FELTCRAFT,WOOLLY HOTTIE,PAISLEY,SPACEBOY,STRAWBERRY,REGENCY,ZINC,CERAMIC'
).split(',')
const THINGS = (
  'T-LIGHT HOLDER,LANTERN,COAT HANGER,HOT WATER BOTTLE,BABUSHKA NESTING BOX,LUNCH BAG,JUMBO BAG,' +
  'CAKE TIN,DOORMAT,TEA CADDY,ALARM CLOCK,PICNIC BAG,DRAWER KNOB,BIRD ORNAMENT,TRINKET BOX,MUG,' +
  'PHOTO FRAME,BUNTING,JIGSAW,CAKESTAND 3 TIER'
).split(',')
const LETTERS = 'ABCDEFGHKLNPS'

// The commonest of the UCI file, and a few of three digits.
const PRICES = [
  1250, 1650, 850, 2950, 420, 4950, 3750, 2100, 2460, 2080, 830, 4130, 1950, 1450, 2550, 1630, 3290,
  390, 5950, 650, 550, 4250, 7950, 5790, 4150, 9950, 12750, 16950, 1045, 625, 125, 1,
]
// 85 % of customers, then the order of the UCI file.
const COUNTRY_SHARES: readonly (readonly [string, number])[] = [
  ['United Kingdom', 850],
  ['Germany', 30],
  ['France', 26],
  ['EIRE', 20],
  ['Spain', 12],
  ['Netherlands', 11],
  ['Belgium', 9],
  ['Switzerland', 8],
  ['Portugal', 7],
  ['Australia', 6],
  ['Norway', 5],
  ['Italy', 4],
  ['Channel Islands', 3],
  ['Finland', 3],
  ['Cyprus', 2],
  ['Sweden', 2],
  ['Unspecified', 1],
  ['Japan', 1],
]

export const COUNTRIES: readonly string[] = COUNTRY_SHARES.map(([name]) => name)
const countryAt = Uint8Array.from(
  COUNTRY_SHARES.flatMap(([, share], i) => Array<number>(share).fill(i)),
)

const codeKey = laneKey(1, 0)
const lookKey = laneKey(1, 1)
const priceKey = laneKey(1, 2)

/** The index in `COUNTRIES` for a hash of the customer. */
export function countryOf(word: number): number {
  return countryAt[below(countryAt.length, word)] as number
}

/** Five digits, and for one in five a letter behind, as in `85123A`. */
export function stockCode(stock: number): string {
  const word = draw(codeKey, stock)
  return `${20000 + stock}${word % 5 === 0 ? LETTERS[below(LETTERS.length, word)] : ''}`
}

export const priceOfStock = Int32Array.from(
  { length: STOCKS },
  (_, stock) => PRICES[below(PRICES.length, draw(priceKey, stock))] as number,
)

/** Three dials of coprime-ish size around the stock's number: long names, seldom the same twice. */
function plainDescription(stock: number): string {
  const word = draw(lookKey, stock)
  const pick = (words: readonly string[], shift: number) =>
    words[(word >>> shift) % words.length] as string
  return `${pick(COLOURS, 3)} ${pick(LOOKS, 11)} ${pick(THINGS, 19)}`
}

/** The description as its reader should see it; null where the field is empty. */
export function descriptionOf(stock: number, text: number): string | null {
  const plain = plainDescription(stock)
  if (text === TEXT.empty) return null
  if (text === TEXT.comma) return `${plain}, SET OF ${2 + (stock % 11)}`
  if (text === TEXT.quotes) return `${6 + (stock % 9)}" ${plain}`
  if (text === TEXT.lineBreak) return plain.replace(' ', '\n')
  return plain
}
