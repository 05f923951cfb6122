#ifndef TG_CLI_VERSION_H
#define TG_CLI_VERSION_H

#define TOYGRID_VERSION "0.1.0"

#endif
