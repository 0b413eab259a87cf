// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * wasmsig/metrics: what `stats()` counts, as metrics of prom-client or of
 * OpenTelemetry. Neither of the two is loaded unless a function is called
 * without an argument.
 *
 * The figures are those of the whole process: register them in one of its
 * threads. Budgets have a `name`, which becomes the label `budget` or the
 * attribute `wasmsig.budget.name`. Where the package is disabled (WASMSIG,
 * WASMSIG_ROLLOUT), there are no names, and the other counts are 0.
 *
 * | Prometheus                           | OpenTelemetry                                                   | counts |
 * | ------------------------------------ | --------------------------------------------------------------- | ------ |
 * | wasmsig_budget_cpu_seconds_total     | wasmsig.budget.cpu.time                                         | `cpu` of a name, seconds |
 * | wasmsig_budget_sections_total        | wasmsig.budget.sections                                         | `sections` of a name |
 * | wasmsig_budget_soft_limits_total     | wasmsig.budget.soft_limits                                      | `softLimits` of a name |
 * | wasmsig_budget_kills_total           | wasmsig.budget.kills                                            | `kills` of a name; `reason` or `wasmsig.kill.reason`: hard, wall, kill |
 * | wasmsig_budget_kill_lateness_seconds | wasmsig.budget.kill.lateness.bucket, wasmsig.budget.kill.lateness.sum | `lateness` of a name, a histogram, seconds |
 * | wasmsig_raises_total                 | wasmsig.raises                                                  | `raises` |
 * | wasmsig_soft_limits_total            | wasmsig.soft_limits                                             | `softLimits`, with or without a name |
 * | wasmsig_kills_total                  | wasmsig.kills                                                   | `kills`, with or without a name |
 *
 * @module wasmsig/metrics
 */

/** Metrics that are registered. */
export interface Registration {
  /** Removes them; a second call does nothing. */
  unregister(): void
  /** `unregister`, for a `using` declaration. */
  [Symbol.dispose](): void
}

/** A `Registry` of prom-client. */
export interface PrometheusRegistry {
  /** Adds one. */
  registerMetric(metric: any): void
  /** Removes one. */
  removeSingleMetric(name: string): void
  /** The metric of a name, if there is one. */
  getSingleMetric(name: string): any
}

/** A `Meter` of `@opentelemetry/api`. */
export interface OpenTelemetryMeter {
  /** Makes a counter. */
  createObservableCounter(name: string, options?: any): any
  /** Adds what is called when a reader collects. */
  addBatchObservableCallback(callback: any, observables: any[]): void
  /** Removes it. */
  removeBatchObservableCallback(callback: any, observables: any[]): void
}

/** A `MeterProvider` of `@opentelemetry/api`. */
export interface OpenTelemetryMeterProvider {
  /** The Meter of a name. */
  getMeter(name: string, version?: string): OpenTelemetryMeter
}

/**
 * Registers the metrics with a registry of prom-client 15. They are read when
 * the registry is. Its `resetMetrics()` does not change them.
 *
 * In a cluster, `AggregatorRegistry` adds up what the processes have counted.
 *
 * @param register prom-client's global registry if left out
 * @returns what removes them; the same as before if the registry has them
 *   already
 * @throws Error with code ERR_WASMSIG_NO_PEER if `register` is left out and
 *   prom-client cannot be loaded; prom-client's error if the registry has
 *   another metric of the same name, and then none is added
 */
export function registerPrometheus(register?: PrometheusRegistry): Registration

/**
 * Registers observable counters with a Meter of OpenTelemetry, or with the
 * Meter 'wasmsig' of a MeterProvider. They are read when a reader collects.
 *
 * OpenTelemetry has no observable histogram. So lateness is two counters: one
 * whose attribute `le` is an upper bound in seconds, or '+Inf', and which
 * includes the smaller ones, as in Prometheus; and the sum. A name that was
 * never late has none. A reader keeps 2,000 combinations of attributes for each
 * counter, if it is not told otherwise: enough for 133 names that were late.
 *
 * @param meter the global MeterProvider if left out: call it after your SDK has
 *   set that
 * @returns what removes them; the same as before if the Meter has them already
 * @throws Error with code ERR_WASMSIG_NO_PEER if `meter` is left out and
 *   `@opentelemetry/api` cannot be loaded
 */
export function registerOpenTelemetry(
  meter?: OpenTelemetryMeterProvider | OpenTelemetryMeter
): Registration
