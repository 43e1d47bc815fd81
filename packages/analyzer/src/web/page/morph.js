// @ts-check

/**
 * Makes the children of `target` like those of `source` with as few changes as possible, so that focus,
 * selection, scroll positions, open details and drawn charts stay. Elements are matched by `data-key`,
 * and without one by their place among elements of the same name.
 * @param {Element} target
 * @param {Element} source
 */
export function morphChildren(target, source) {
  const keyed = new Map()
  for (const child of target.children) {
    const key = child.getAttribute('data-key')
    if (key !== null) keyed.set(key, child)
  }
  let place = target.firstChild
  for (const wanted of [...source.childNodes]) {
    const match = findMatch(place, wanted, keyed)
    if (match === null) {
      target.insertBefore(wanted, place)
      continue
    }
    if (match !== place) target.insertBefore(match, place)
    else place = place.nextSibling
    morphNode(match, wanted)
  }
  while (place !== null) {
    const next = place.nextSibling
    place.remove()
    place = next
  }
}

/**
 * The node of the old children that becomes `wanted`, or null when it is new.
 * @param {ChildNode | null} place
 * @param {ChildNode} wanted
 * @param {Map<string, Element>} keyed
 * @returns {ChildNode | null}
 */
function findMatch(place, wanted, keyed) {
  if (wanted instanceof Element) {
    const key = wanted.getAttribute('data-key')
    if (key !== null) {
      const match = keyed.get(key) ?? null
      keyed.delete(key)
      return match
    }
  }
  if (place === null || place.nodeType !== wanted.nodeType) return null
  if (!(place instanceof Element)) return place
  const same = place.nodeName === wanted.nodeName && !place.hasAttribute('data-key')
  return same ? place : null
}

/**
 * @param {ChildNode} target
 * @param {ChildNode} source
 */
function morphNode(target, source) {
  if (!(target instanceof Element) || !(source instanceof Element)) {
    if (target.nodeValue !== source.nodeValue) target.nodeValue = source.nodeValue
    return
  }
  for (const { name } of [...target.attributes]) {
    // Whether details are open is the reader's choice, not the server's.
    if (!source.hasAttribute(name) && name !== 'open') target.removeAttribute(name)
  }
  for (const { name, value } of source.attributes) {
    if (target.getAttribute(name) !== value) target.setAttribute(name, value)
  }
  // What a script drew into belongs to the script.
  if (!target.hasAttribute('data-kept')) morphChildren(target, source)
}
