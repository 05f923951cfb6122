# libsodium 1.0.18 for the module: the files our calls reach, without its autotools build.
#
# NATIVE_LITTLE_ENDIAN and the ref implementations are what its configure would find for wasm32, except
# HAVE_TI_MODE: 128-bit products are library calls on wasm and would halve the speed of Ed25519.
# The generator is ours (random.c): the library's own would look for a device.
set(sodium_dir ${TG_SOURCES}/libsodium/src/libsodium)

set(VERSION 1.0.18)
set(SODIUM_LIBRARY_VERSION_MAJOR 10)
set(SODIUM_LIBRARY_VERSION_MINOR 3)
set(SODIUM_LIBRARY_MINIMAL_DEF "")
configure_file(${sodium_dir}/include/sodium/version.h.in ${CMAKE_BINARY_DIR}/gen/sodium/version.h @ONLY)

add_library(sodium_headers INTERFACE)
target_include_directories(sodium_headers SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/gen ${sodium_dir}/include
  ${sodium_dir}/include/sodium) # the last for version.h, generated elsewhere than its "export.h"
target_compile_definitions(sodium_headers INTERFACE SODIUM_STATIC=1)

add_library(sodium OBJECT)
target_link_libraries(sodium PUBLIC sodium_headers)
target_include_directories(sodium PRIVATE ${CMAKE_BINARY_DIR}/gen/sodium)
target_compile_options(sodium PRIVATE -w)
target_compile_definitions(sodium PRIVATE CONFIGURED=1 NATIVE_LITTLE_ENDIAN=1 HAVE_WEAK_SYMBOLS=1
  HAVE_C_VARARRAYS=1 RANDOMBYTES_CUSTOM_IMPLEMENTATION=1 RANDOMBYTES_DEFAULT_IMPLEMENTATION=NULL)
foreach(file
    crypto_aead/xchacha20poly1305/sodium/aead_xchacha20poly1305.c
    crypto_box/crypto_box.c
    crypto_box/crypto_box_easy.c
    crypto_box/crypto_box_seal.c
    crypto_box/curve25519xchacha20poly1305/box_curve25519xchacha20poly1305.c
    crypto_box/curve25519xchacha20poly1305/box_seal_curve25519xchacha20poly1305.c
    crypto_box/curve25519xsalsa20poly1305/box_curve25519xsalsa20poly1305.c
    crypto_core/ed25519/core_ed25519.c
    crypto_core/hchacha20/core_hchacha20.c
    crypto_core/hsalsa20/core_hsalsa20.c
    crypto_core/hsalsa20/ref2/core_hsalsa20_ref2.c
    crypto_core/salsa/ref/core_salsa_ref.c
    crypto_generichash/blake2b/generichash_blake2.c
    crypto_generichash/blake2b/ref/blake2b-compress-ref.c
    crypto_generichash/blake2b/ref/blake2b-ref.c
    crypto_generichash/blake2b/ref/generichash_blake2b.c
    crypto_generichash/crypto_generichash.c
    crypto_hash/sha512/cp/hash_sha512_cp.c
    crypto_hash/sha512/hash_sha512.c
    crypto_onetimeauth/crypto_onetimeauth.c
    crypto_onetimeauth/poly1305/donna/poly1305_donna.c
    crypto_onetimeauth/poly1305/onetimeauth_poly1305.c
    crypto_pwhash/argon2/argon2-core.c
    crypto_pwhash/argon2/argon2-fill-block-ref.c
    crypto_pwhash/argon2/blake2b-long.c
    crypto_scalarmult/crypto_scalarmult.c
    crypto_scalarmult/curve25519/ref10/x25519_ref10.c
    crypto_scalarmult/curve25519/scalarmult_curve25519.c
    crypto_secretbox/crypto_secretbox.c
    crypto_secretbox/crypto_secretbox_easy.c
    crypto_secretbox/xchacha20poly1305/secretbox_xchacha20poly1305.c
    crypto_secretbox/xsalsa20poly1305/secretbox_xsalsa20poly1305.c
    crypto_secretstream/xchacha20poly1305/secretstream_xchacha20poly1305.c
    crypto_sign/crypto_sign.c
    crypto_sign/ed25519/ref10/keypair.c
    crypto_sign/ed25519/ref10/open.c
    crypto_sign/ed25519/ref10/sign.c
    crypto_sign/ed25519/sign_ed25519.c
    crypto_stream/chacha20/ref/chacha20_ref.c
    crypto_stream/chacha20/stream_chacha20.c
    crypto_stream/salsa20/ref/salsa20_ref.c
    crypto_stream/salsa20/stream_salsa20.c
    crypto_stream/xchacha20/stream_xchacha20.c
    crypto_stream/xsalsa20/stream_xsalsa20.c
    crypto_verify/sodium/verify.c
    randombytes/randombytes.c
    sodium/codecs.c
    sodium/core.c
    sodium/runtime.c
    sodium/utils.c
    sodium/version.c)
  target_sources(sodium PRIVATE ${sodium_dir}/${file})
endforeach()

# One of its files is changed on its way in: Ed25519 without its tables, 31 KiB (ed25519_base.h says why).  What is to be
# replaced must be there: another version of the library stops the build here.
set(ref10 ${sodium_dir}/crypto_core/ed25519/ref10)
file(READ ${ref10}/ed25519_ref10.c ed25519)
function(edit from to)
  string(FIND "${ed25519}" "${from}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "libsodium's ed25519_ref10.c is not the one that sodium.cmake was written for")
  endif()
  string(REPLACE "${from}" "${to}" edited "${ed25519}")
  set(ed25519 "${edited}" PARENT_SCOPE)
endfunction()
edit([[    static const ge25519_precomp base[32][8] = { /* base[i][j] = (j+1)*256^i*B */
#ifdef HAVE_TI_MODE
# include "fe_51/base.h"
#else
# include "fe_25_5/base.h"
#endif
    };
]] "    base_compute();\n")
edit([[    static const ge25519_precomp Bi[8] = {
#ifdef HAVE_TI_MODE
# include "fe_51/base2.h"
#else
# include "fe_25_5/base2.h"
#endif
    };
]] "    const ge25519_precomp *Bi = base_odd;\n")
edit("    slide_vartime(bslide, b);\n" "    slide_vartime(bslide, b);\n    base_compute();\n")
edit("static void\nge25519_cmov8_base(" "#include \"ed25519_base.h\"\n\nstatic void\nge25519_cmov8_base(")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/gen/ed25519_ref10.c CONTENT "${ed25519}" @ONLY)
target_sources(sodium PRIVATE ${CMAKE_BINARY_DIR}/gen/ed25519_ref10.c)
target_include_directories(sodium PRIVATE ${ref10} ${CMAKE_CURRENT_LIST_DIR})
