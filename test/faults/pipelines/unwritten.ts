/** A pipeline that reads and writes nothing. */
import { pipeline, schema, t } from 'millrace'

export default pipeline({
  name: 'unwritten',
  params: {},
  build(p) {
    p.create(schema({ id: t.int32 }), [{ id: 1 }]).filter(r => r.id > 0)
  },
})
