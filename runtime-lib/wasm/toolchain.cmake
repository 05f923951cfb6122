# The browser's tool chain: clang-19 and wasm-ld-19 with Debian's wasi-libc, and no WASI at run time.
#
# wasm-ld is called directly, not through clang: clang silently runs wasm-opt when it finds one in PATH, which
# would make the module depend on the machine.  System headers of the host are shut out (-nostdinc): with
# --sysroot alone a missing header is taken from glibc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # nothing can be linked before the flags below exist

execute_process(COMMAND clang-19 -print-resource-dir OUTPUT_VARIABLE TG_RESOURCE_DIR
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_program(TG_WASM_LD NAMES wasm-ld-19 REQUIRED)
find_program(TG_WASM_OPT wasm-opt REQUIRED)
find_path(TG_WASI_INCLUDE wchar.h PATHS /usr/include/wasm32-wasi NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
find_path(TG_WASI_LIB libc.a PATHS /usr/lib/wasm32-wasi NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)

set(CMAKE_C_FLAGS_INIT "-nostdinc -isystem ${TG_RESOURCE_DIR}/include -isystem ${TG_WASI_INCLUDE}")
# Small, because a first visit pays for every byte; CMakeLists.txt names the files that are built to be fast.
set(CMAKE_C_FLAGS_RELEASE "-Oz -flto -DNDEBUG")

# --stack-first: an overflowing stack traps at address 0 instead of overwriting data.
# --compress-relocations: without it every address and function number in the code is padded to five bytes.
# -disable-lsr: loop strength reduction buys no speed here and costs bytes, as it keeps more variables.
set(CMAKE_C_LINK_EXECUTABLE "${TG_WASM_LD} -m wasm32 --no-entry --gc-sections --strip-all --stack-first \
--compress-relocations --mllvm=-disable-lsr -z stack-size=131072 --max-memory=268435456 --fatal-warnings \
--export=__wasm_call_ctors <OBJECTS> -o <TARGET> -Map=<TARGET>.map \
-L${TG_WASI_LIB} -lc ${TG_RESOURCE_DIR}/lib/wasi/libclang_rt.builtins-wasm32.a"
  # What LLVM leaves in locals and blocks is a sixteenth of the module.
  # --low-memory-unused: no object is in the first KiB, where the stack ends, so that of `address + constant` the
  # constant can move into the load.  A stack that gets there may trap before it is quite full.
  "${TG_WASM_OPT} --enable-sign-ext --enable-mutable-globals --enable-bulk-memory -Oz --converge --low-memory-unused \
<TARGET> -o <TARGET>")
