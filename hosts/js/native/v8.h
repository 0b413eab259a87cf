/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Functions of V8 and Node that Node-API does not offer, declared in C as weak
 * symbols under their names in the Itanium C++ ABI. In a host that exports
 * none of them, like Deno and Bun, they are NULL.
 *
 * A v8::Local is one pointer that is passed and returned in a register, and a
 * napi_value is that pointer (js_native_api_v8.h, V8LocalValueFromJsValue).
 * Sources: v8-isolate.h, v8-debug.h, node.h.
 */
#ifndef WASMSIG_V8_H
#define WASMSIG_V8_H

#include <node_api.h>
#include <stdbool.h>

#define V8_NAMED(name) __asm__(name) __attribute__((weak))

extern void *v8_isolate_get_current(void)
    V8_NAMED("_ZN2v87Isolate10GetCurrentEv");
extern void v8_isolate_terminate_execution(void *isolate)
    V8_NAMED("_ZN2v87Isolate18TerminateExecutionEv");
extern void v8_isolate_cancel_terminate_execution(void *isolate)
    V8_NAMED("_ZN2v87Isolate24CancelTerminateExecutionEv");
/* Any thread; the callback runs in the isolate's, where JavaScript or wasm
 * checks its stack, and may not run JavaScript. */
extern void v8_isolate_request_interrupt(void *isolate,
                                         void (*callback)(void *, void *),
                                         void *data)
    V8_NAMED("_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_");

/* The innermost `limit` frames of JavaScript and wasm. */
extern napi_value v8_stack_trace_current(void *isolate, int limit, int options)
    V8_NAMED(
        "_ZN2v810StackTrace17CurrentStackTraceEPNS_7IsolateEiNS0_"
        "17StackTraceOptionsE");
#define V8_STACK_TRACE_ALL 0x1ff /* of any security origin */
extern int v8_stack_trace_get_frame_count(napi_value trace)
    V8_NAMED("_ZNK2v810StackTrace13GetFrameCountEv");
extern napi_value v8_stack_trace_get_frame(napi_value trace, void *isolate,
                                           uint32_t index)
    V8_NAMED("_ZNK2v810StackTrace8GetFrameEPNS_7IsolateEj");
extern int v8_stack_frame_get_script_id(napi_value frame)
    V8_NAMED("_ZNK2v810StackFrame11GetScriptIdEv");
extern napi_value v8_stack_frame_get_script_name(napi_value frame)
    V8_NAMED("_ZNK2v810StackFrame13GetScriptNameEv");
extern napi_value v8_stack_frame_get_function_name(napi_value frame)
    V8_NAMED("_ZNK2v810StackFrame15GetFunctionNameEv");

/* The listener for uncaught exceptions, and whether they abort the process
 * (unwinding.c): Node's own functions, and V8's to replace them. */
extern void node_message_listener(napi_value message, napi_value error)
    V8_NAMED(
        "_ZN4node6errors25PerIsolateMessageListenerEN2v85LocalINS1_7MessageEEE"
        "NS2_INS1_5ValueEEE");
extern void v8_isolate_add_message_listener(void *isolate,
                                            void (*listener)(napi_value,
                                                             napi_value),
                                            int levels, napi_value data)
    V8_NAMED(
        "_ZN2v87Isolate32AddMessageListenerWithErrorLevelEPFvNS_5LocalINS_"
        "7MessageEEENS1_INS_5ValueEEEEiS5_");
extern void v8_isolate_remove_message_listeners(void *isolate,
                                                void (*listener)(napi_value,
                                                                 napi_value))
    V8_NAMED(
        "_ZN2v87Isolate22RemoveMessageListenersEPFvNS_5LocalINS_7MessageEEE"
        "NS1_INS_5ValueEEEE");
extern bool node_should_abort(void *isolate)
    V8_NAMED("_ZN4node30ShouldAbortOnUncaughtExceptionEPN2v87IsolateE");
extern void v8_isolate_set_abort_callback(void *isolate,
                                          bool (*callback)(void *))
    V8_NAMED("_ZN2v87Isolate35SetAbortOnUncaughtExceptionCallbackEPFbPS0_E");

/* Its line and, in the upper half, its column, from 0. */
extern uint64_t v8_stack_frame_get_location(napi_value frame)
    V8_NAMED("_ZNK2v810StackFrame11GetLocationEv");
extern napi_value v8_stack_frame_get_script_source(napi_value frame)
    V8_NAMED("_ZNK2v810StackFrame15GetScriptSourceEv");

/* The script of the innermost function that has one. */
extern napi_value v8_stack_trace_current_script_name(void *isolate)
    V8_NAMED("_ZN2v810StackTrace28CurrentScriptNameOrSourceURLEPNS_7IsolateE");

/* Where AsyncLocalStorage keeps its value, from Node 24 on. */
extern napi_value v8_isolate_get_preserved_data(void *isolate)
    V8_NAMED("_ZN2v87Isolate36GetContinuationPreservedEmbedderDataEv");
extern void v8_isolate_set_preserved_data(void *isolate, napi_value data)
    V8_NAMED(
        "_ZN2v87Isolate36SetContinuationPreservedEmbedderDataENS_"
        "5LocalINS_5ValueEEE");

/* async_hooks.executionAsyncId(). */
extern double node_execution_async_id(void *isolate)
    V8_NAMED("_ZN4node29AsyncHooksGetExecutionAsyncIdEPN2v87IsolateE");

#endif
