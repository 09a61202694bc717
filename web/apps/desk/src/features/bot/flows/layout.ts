import type { FlowGraph } from './api.ts'

type Node = FlowGraph['nodes'] extends (infer N)[] | null | undefined ? N : never
type Edge = FlowGraph['edges'] extends (infer E)[] | null | undefined ? E : never

/** A box of the picture. */
export interface Box {
  node: Node
  x: number
  y: number
  width: number
  height: number
}

/** A line between two boxes, with where its word stands. */
export interface Line {
  edge: Edge
  path: string
  x: number
  y: number
}

export interface Picture {
  boxes: Box[]
  lines: Line[]
  width: number
  height: number
}

const wide = 232
const gapX = 56
const gapY = 72
const stepHeight = 20
/** How many steps a box shows. */
export const shownSteps = 5

const heightOf = (n: Node): number => (n.kind === 'state' ? 40 + Math.min(n.steps?.length ?? 0, shownSteps) * stepHeight + ((n.steps?.length ?? 0) > shownSteps ? stepHeight : 0) : 40)

/** Ranks by the longest way from the start, not counting ways back. */
function ranks(nodes: Node[], edges: Edge[]): Map<string, number> {
  const rank = new Map<string, number>()
  const onWay = new Set<string>()
  const done = new Set<string>()
  const order: string[] = []
  const back = new Set<Edge>()
  const visit = (id: string): void => {
    if (done.has(id)) return
    onWay.add(id)
    for (const e of edges) {
      if (e.from !== id) continue
      if (onWay.has(e.to)) back.add(e)
      else visit(e.to)
    }
    onWay.delete(id)
    done.add(id)
    order.unshift(id)
  }
  for (const n of [...nodes].sort((a, b) => Number(b.start ?? false) - Number(a.start ?? false))) visit(n.id)
  for (const id of order) {
    rank.set(id, rank.get(id) ?? 0)
    for (const e of edges) {
      if (e.from === id && !back.has(e)) rank.set(e.to, Math.max(rank.get(e.to) ?? 0, (rank.get(id) ?? 0) + 1))
    }
  }
  return rank
}

/** A layered picture: rows by rank, boxes of a row ordered by what leads to them. */
export function draw(graph: FlowGraph): Picture {
  const nodes = graph.nodes ?? []
  const edges = graph.edges ?? []
  const rank = ranks(nodes, edges)
  const rows: Node[][] = []
  for (const n of nodes) (rows[rank.get(n.id) ?? 0] ??= []).push(n)
  const place = new Map<string, number>()
  rows.forEach((row, r) => {
    if (r > 0) {
      const middle = (n: Node): number => {
        const from = edges.filter((e) => e.to === n.id && place.has(e.from)).map((e) => place.get(e.from)!)
        return from.length ? from.reduce((a, b) => a + b, 0) / from.length : 0
      }
      const key = new Map(row.map((n) => [n.id, middle(n)]))
      row.sort((a, b) => key.get(a.id)! - key.get(b.id)!)
    }
    row.forEach((n, i) => place.set(n.id, i - (row.length - 1) / 2))
  })
  const most = Math.max(1, ...rows.map((r) => r?.length ?? 0))
  const width = most * wide + (most - 1) * gapX + 240
  const boxes = new Map<string, Box>()
  let y = 24
  for (const row of rows) {
    if (!row) continue
    const rowWidth = row.length * wide + (row.length - 1) * gapX
    let x = (width - rowWidth) / 2
    for (const node of row) {
      boxes.set(node.id, { node, x, y, width: wide, height: heightOf(node) })
      x += wide + gapX
    }
    y += Math.max(...row.map(heightOf)) + gapY
  }
  const used = new Map<string, number>()
  const lines: Line[] = []
  let lane = 0
  for (const edge of edges) {
    const a = boxes.get(edge.from)
    const b = boxes.get(edge.to)
    if (!a || !b) continue
    const outs = edges.filter((e) => e.from === edge.from)
    const slot = used.get(edge.from) ?? 0
    used.set(edge.from, slot + 1)
    const x1 = a.x + (a.width * (slot + 1)) / (outs.length + 1)
    const y1 = a.y + a.height
    const hidden = [...boxes.values()].some((o) => o !== a && o !== b && o.y > a.y && o.y < b.y && Math.min(x1, b.x) < o.x + o.width && Math.max(x1, b.x + b.width) > o.x)
    if (b.y > a.y && hidden) {
      // A way over other boxes goes round on the left.
      const side = Math.min(a.x, b.x) - 26 - (lane++ % 6) * 11
      const ya = a.y + 14 + ((slot * 13) % (a.height - 20))
      const yb = b.y + 12 + (lane % 3) * 8
      lines.push({ edge, path: `M${a.x} ${ya} C${side} ${ya} ${side} ${ya} ${side} ${ya + 40} L${side} ${yb - 30} C${side} ${yb} ${side} ${yb} ${b.x} ${yb}`, x: a.x - 22, y: ya - 4 })
    } else if (b.y > a.y) {
      const ins = edges.filter((e) => e.to === edge.to)
      const x2 = b.x + (b.width * (ins.indexOf(edge) + 1)) / (ins.length + 1)
      const bend = Math.min(gapY, (b.y - y1) / 2 + 12)
      lines.push({ edge, path: `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${b.y - bend} ${x2} ${b.y}`, x: x1 + (x2 - x1) * 0.28, y: y1 + 16 + (slot % 3) * 13 })
    } else {
      // A way back goes round on the right.
      const side = Math.max(a.x + a.width, b.x + b.width) + 22 + (slot % 3) * 10
      const y2 = b.y + 18
      lines.push({ edge, path: `M${a.x + a.width} ${a.y + 18} C${side + 24} ${a.y + 18} ${side + 24} ${y2} ${b.x + b.width} ${y2}`, x: side + 4, y: (a.y + 18 + y2) / 2 })
    }
  }
  return { boxes: [...boxes.values()], lines, width, height: y - gapY + 24 }
}
