// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Keeps the outcomes of what it was told of. */
const events = []
export default {
  fetch: () => Response.json(events.splice(0)),
  tail(items) {
    for (const item of items) {
      events.push({ outcome: item.outcome, event: kindOf(item.event) })
    }
  }
}

function kindOf(event) {
  if (event?.request) return new URL(event.request.url).pathname
  if (event?.cron) return `cron ${event.cron}`
  if (event?.queue) return 'queue'
  if (event?.rpcMethod) return 'rpc'
  if (event?.scheduledTime) return 'alarm'
  return 'other'
}
