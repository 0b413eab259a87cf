// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The metrics page of examples/server, in Prometheus' text format. */
import { samplesOf } from '../../support/samples.mjs'

/**
 * The values of one tenant, by name without `plugin_` or `wasmsig_budget_`;
 * `requests_total 504` is that of one status, `kills_total hard` of one reason. Buckets are left out.
 */
export function valuesOf(tenant, page) {
  const own = samplesOf(page).filter(({ labels }) =>
    [labels.tenant, labels.budget].includes(tenant)
  )
  const values = {}
  for (const { name, labels, value } of own) {
    if (labels.le !== undefined) continue
    const words = [
      name.replace(/^(plugin|wasmsig_budget)_/, ''),
      labels.code,
      labels.reason
    ]
    values[words.filter(Boolean).join(' ')] = value
  }
  return values
}
