# msgpack-c 4.0.0 for the module: its packer is headers only; decoding is our own strict cursor (src/wire).
set(MSGPACK_ENDIAN_BIG_BYTE 0)
set(MSGPACK_ENDIAN_LITTLE_BYTE 1)
foreach(header sysdep pack_template)
  configure_file(${TG_SOURCES}/msgpack-c/cmake/${header}.h.in ${CMAKE_BINARY_DIR}/gen/msgpack/${header}.h @ONLY)
endforeach()
add_library(msgpack_headers INTERFACE)
target_include_directories(msgpack_headers SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/gen
  ${CMAKE_BINARY_DIR}/gen/msgpack
  ${TG_SOURCES}/msgpack-c/include)
