# SPDX-License-Identifier: Apache-2.0 OR MIT
# bash completion for wasmsig(1).

_wasmsig_files() {
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -X '!*.wasm' -- "$1"; compgen -d -- "$1")
}

_wasmsig_words() { # _wasmsig_words WORDS CURRENT
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# The names of the system's signals, without SIG.
_wasmsig_signals() { compgen -A signal -- SIG | sed 's/^SIG//' | tr '\n' ' '; }

# The index of the module among the words. The program receives the words after
# it.
_wasmsig_module_index() {
  local i
  for ((i = 2; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      --cpu-soft | --cpu-hard | --cpu-compile | --wall | --grace | --max-memory | \
        --signal | --forward | --dir | --env | --argv0 | --invoke | --engine | --trace | --every | --for | --output | -o)
        ((i++))
        ;;
      -?*) ;;
      *)
        echo "$i"
        return
        ;;
    esac
  done
}

_wasmsig() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local before=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    _wasmsig_words "run inspect instrument compile cache workerd help --help --version" "$current"
    return
  fi
  if [[ ${COMP_WORDS[1]} != @(instrument|workerd) ]] &&
    [ -n "$(_wasmsig_module_index)" ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  case "$previous" in
    --cpu-soft | --cpu-hard | --cpu-compile | --cpu-limit | --cpu-margin | \
      --startup-limit | --wall | --grace | --max-memory | --argv0 | --invoke) return ;;
    --log-format) _wasmsig_words "text json" "$current" && return ;;
    --log | --metrics | --trace | --workerd)
      mapfile -t COMPREPLY < <(compgen -f -- "$current") && return
      ;;
    --signal) _wasmsig_words "$(_wasmsig_signals)" "$current" && return ;;
    --forward)
      if [[ $current == *,* ]]; then before=${current%,*},; fi
      _wasmsig_words "none $(_wasmsig_signals)" "${current#"$before"}"
      COMPREPLY=("${COMPREPLY[@]/#/$before}")
      return
      ;;
    --dir) mapfile -t COMPREPLY < <(compgen -d -- "$current") && return ;;
    --env) mapfile -t COMPREPLY < <(compgen -v -- "$current") && return ;;
    --engine) _wasmsig_words "wasmtime wamr" "$current" && return ;;
    --every) return ;;
    --for) _wasmsig_words "any jsc v8 wasmtime" "$current" && return ;;
  esac
  case "${COMP_WORDS[1]}:$current" in
    run:-*)
      _wasmsig_words "--cpu-soft --cpu-hard --cpu-compile --wall --grace --max-memory --signal --forward
        --dir --env --env-inherit --http --argv0 --invoke --engine --no-cache
        --allow-precompiled --stats --json --trace --help" "$current"
      ;;
    compile:-*) _wasmsig_words "--output --help" "$current" ;;
    cache:-*) _wasmsig_words "--help" "$current" ;;
    cache:*) _wasmsig_words "list clear" "$current" ;;
    inspect:-*) _wasmsig_words "--json --help" "$current" ;;
    instrument:-*)
      _wasmsig_words "--output --every --for --calls --words --add-page --max-memory --explain --verbose
        --json --help" "$current"
      ;;
    workerd:-*)
      _wasmsig_words "--cpu-limit --cpu-margin --cpu-soft --startup-limit --log
        --log-format --metrics --mark-terminated --workerd --unlimited --help" "$current"
      ;;
    workerd:*) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    help:*) _wasmsig_words "run inspect instrument compile cache workerd" "$current" ;;
    *) _wasmsig_files "$current" ;;
  esac
}

complete -F _wasmsig wasmsig
