# cmake --install: headers, the find modules and a package for find_package(vlsm CONFIG).
include(CMakePackageConfigHelpers)

set(vlsm_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/vlsm")
install(TARGETS vlsm EXPORT vlsmTargets)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/vlsm" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT vlsmTargets NAMESPACE vlsm:: DESTINATION "${vlsm_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/vlsmConfigVersion.cmake" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${PROJECT_SOURCE_DIR}/cmake/vlsmConfig.cmake"
  "${PROJECT_BINARY_DIR}/vlsmConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/VlsmCompiled.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/VlsmKernels.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/VlsmPictures.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/VlsmProcesses.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/VlsmSources.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindLibTorch.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindLibdeflate.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindNifti.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindDcmdata.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindStb.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindUtf8proc.cmake"
  DESTINATION "${vlsm_package_dir}")
