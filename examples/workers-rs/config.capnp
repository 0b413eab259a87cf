# SPDX-License-Identifier: Apache-2.0 OR MIT
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "pi", worker = .pi)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "pi")],
  # For workerd before 2026-07.
  autogates = ["workerd-autogate-wasm-shutdown-signal-shim"]
);

const pi :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm")
  ],
  compatibilityDate = "2026-03-01"
);
