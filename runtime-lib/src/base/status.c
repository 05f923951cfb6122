#include <toygrid/status.h>

const char *
tg_status_name(int code)
{
	switch (code) {
#define X(name, number, text)                                                                                \
	case number:                                                                                         \
		return #name;
		TG_STATUS_MAP(X)
#undef X
	}
	return "TG_E?";
}

const char *
tg_status_text(int code)
{
	switch (code) {
#define X(name, number, text)                                                                                \
	case number:                                                                                         \
		return text;
		TG_STATUS_MAP(X)
#undef X
	}
	return "unknown status";
}
