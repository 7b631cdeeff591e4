# The header-only target vlsm::vlsm and the packages it stands on. Only find_package, never a download:
# what brings missing packages is a dependency provider (provider.cmake), which the presets plug in.
include(GNUInstallDirs)
find_package(LibTorch REQUIRED)
find_package(xtensor REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(Stb REQUIRED)
find_package(Utf8proc REQUIRED)

add_library(vlsm INTERFACE)
add_library(vlsm::vlsm ALIAS vlsm)
target_compile_features(vlsm INTERFACE cxx_std_20)
target_include_directories(vlsm INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(vlsm INTERFACE LibTorch::LibTorch xtensor nlohmann_json::nlohmann_json Stb::Stb Utf8proc::Utf8proc)

include(VlsmPictures)
vlsm_link_picture_libraries(vlsm)
include(VlsmProcesses)
vlsm_link_process_libraries(vlsm)

include(VlsmCompiled)
vlsm_add_compiled("${PROJECT_SOURCE_DIR}/include")
