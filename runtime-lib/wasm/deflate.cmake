# libdeflate 1.14 for the module: raw deflate, one level (src/text/pack.c).  The parsers of the other levels are not
# reached and fall away at link time.
set(deflate_dir ${TG_SOURCES}/libdeflate)

add_library(deflate_headers INTERFACE)
target_include_directories(deflate_headers SYSTEM INTERFACE ${deflate_dir})

add_library(deflate OBJECT ${deflate_dir}/lib/deflate_compress.c ${deflate_dir}/lib/deflate_decompress.c
  ${deflate_dir}/lib/utils.c)
target_link_libraries(deflate PUBLIC deflate_headers)
target_compile_options(deflate PRIVATE -w)
