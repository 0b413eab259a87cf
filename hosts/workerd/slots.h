/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What replaces the slots, in C's eyes: functions with arguments and results
 * that C cannot name. slots.cc defines them, by way of requests.h and
 * startup.h; the last three are in answers.cc and late_answers.cc.
 */
#ifndef WSIG_WORKERD_SLOTS_H
#define WSIG_WORKERD_SLOTS_H

void wkd_slot_enter_js(void);
void wkd_slot_enter_startup_js(void);
void wkd_slot_enter_startup_python(void);
void wkd_slot_enter_dynamic_import_js(void);
void wkd_slot_get_limits_exceeded(void);
void wkd_slot_on_limits_exceeded(void);
void wkd_slot_handle_application_error(void);
void wkd_slot_request(void);
void wkd_slot_observed_request(void);

#endif
