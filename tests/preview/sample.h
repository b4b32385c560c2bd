/* sample.h - invented data for looking at pages without a server. */
#ifndef PREVIEW_SAMPLE_H
#define PREVIEW_SAMPLE_H

#include "channels_tmpl.h"
#include "desk_tmpl.h"
#include "dialog_tmpl.h"
#include "form_tmpl.h"
#include "keys_tmpl.h"
#include "lists_tmpl.h"
#include "routing_tmpl.h"
#include "search_tmpl.h"

struct rail_view sample_rail(void);
struct case_list_view sample_list(void);
struct case_list_view sample_list_empty(void);
struct case_pane_view sample_pane(const char *tab, const char *way, bool focus);
struct sheet_view sample_sheet(struct layout_view layout, const char *title, const char *intro);
struct dialog_view sample_dialog(void);
struct form_page sample_form(struct layout_view layout);
struct channels_page sample_channels(struct layout_view layout);
struct routing_page sample_routing(struct layout_view layout);
struct search_page sample_search(struct layout_view layout);
struct lists_page sample_lists(struct layout_view layout);

#endif
